-- A lease is given back by its id.

if redis.call('HEXISTS', SALE, 'epoch') == 0 then return NOT_BEGUN end
local holder = redis.call('HGET', LEASES, 'lease:' .. ARGV[1])
if holder then end_lease(holder) end
return DONE

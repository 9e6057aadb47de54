-- A sign of life of a form, by its lease's id.

if redis.call('HEXISTS', SALE, 'epoch') == 0 then return NOT_BEGUN end
local holder = redis.call('HGET', LEASES, 'lease:' .. ARGV[1])
if holder then redis.call('ZREM', UNSEEN, holder) end
return DONE

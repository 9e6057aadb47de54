-- Whether an order could be written: a write that means nothing. The server's time, in seconds, or why not.

if redis.call('HEXISTS', SALE, 'epoch') == 0 then return NOT_BEGUN end

local seconds, microseconds = unpack(redis.call('TIME'))
redis.call('HSET', SALE, 'touched', seconds .. string.rep(' ', ARGV[1]))
return string.format('%s.%06d', seconds, microseconds)

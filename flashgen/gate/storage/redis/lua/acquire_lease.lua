-- 1 if the asker has the lease, till the time that it asked for.

local who, now, till = unpack(ARGV)

local holder, held_till = unpack(redis.call('HMGET', KEYS[1], 'holder', 'until'))
if holder and holder ~= who and tonumber(held_till) > tonumber(now) then return 0 end
redis.call('HSET', KEYS[1], 'holder', who, 'until', till)
return 1

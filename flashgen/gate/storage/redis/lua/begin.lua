-- The storage answers for the sale from now on, as the storage of this id unless it has one. A sale of an older flashgen
-- gets its id, and the units of its buyers are counted.

if redis.call('HEXISTS', SALE, 'counts-buyers') == 0 then
  local holders = redis.call('HGETALL', BUYERS)
  for index = 1, #holders, 2 do
    local bytes, rest = holders[index]:match('^(%d+):(.*)$')
    redis.call('HINCRBY', UNITS, rest:sub(tonumber(bytes) + 1), 1)
  end
  redis.call('HSET', SALE, 'counts-buyers', '1')
end
redis.call('HSETNX', SALE, 'id', ARGV[1])
redis.call('HSETNX', SALE, 'epoch', 0)
return DONE

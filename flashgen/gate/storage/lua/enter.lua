-- A form for a buyer: the order that they have, their lease under its new id, DONE for the new one, or why not.

local epoch, holder, sku, now, server, slots, address, slots_per_address, stock, lease, expires_at = unpack(ARGV)

local known, taken = unpack(redis.call('HMGET', SALE, 'epoch', 'taken:' .. sku))
if not known then return NOT_BEGUN end
local behind = is_behind(known, epoch)
local order = order_of(holder)
if order then return order end
if behind then return FULL end

void_old(epoch)
end_expired(now, holder)
local held = redis.call('HGET', LEASES, 'holder:' .. holder)
if held then
  local before, taken_from = held:match('^([^\n]*)\n(.*)$')
  redis.call('HDEL', LEASES, 'lease:' .. before)
  redis.call('HSET', LEASES, 'holder:' .. holder, lease .. '\n' .. taken_from, 'lease:' .. lease, holder)
  return {lease, redis.call('ZSCORE', SLOTS, holder)}
end
if is_reached(stock, taken) then return SOLD_OUT end
if not has_room(now, slots, address, slots_per_address) then return FULL end

redis.call('HSETNX', SALE, 'server:' .. server, '')
redis.call('ZADD', SLOTS, expires_at, holder)
redis.call('HSET', LEASES, 'holder:' .. holder, lease .. '\n' .. address, 'lease:' .. lease, holder)
redis.call('HINCRBY', LEASES, 'address:' .. address, 1)
return DONE

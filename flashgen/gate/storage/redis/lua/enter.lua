-- A form for a buyer: the order that they have, their lease under its new id, DONE for the new one, or why not.

local epoch, holder, sku, now, server, slots, networks, unseen_before, stock, per_buyer, buyer = unpack(ARGV)
local lease, expires_at, expected, least = unpack(ARGV, 12)

local known, taken, id, changes = unpack(redis.call('HMGET', SALE, 'epoch', 'taken:' .. sku, 'id', 'changes'))
if not known then return NOT_BEGUN end
if is_other(id, changes, expected, least) then return BEHIND end
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
  redis.call('ZREM', UNSEEN, holder)
  redis.call('HSET', LEASES, 'holder:' .. holder, lease .. '\n' .. taken_from, 'lease:' .. lease, holder)
  return {lease, redis.call('ZSCORE', SLOTS, holder)}
end
local reason = refused(stock, taken, per_buyer, buyer)
if reason then return reason end
if not make_room(now, slots, networks, unseen_before) then return FULL end

redis.call('HSETNX', SALE, 'server:' .. server, '')
redis.call('ZADD', SLOTS, expires_at, holder)
redis.call('ZADD', UNSEEN, now, holder)
redis.call('HSET', LEASES, 'holder:' .. holder, lease .. '\n' .. networks, 'lease:' .. lease, holder)
for name in networks:gmatch('([^ =]+)=') do redis.call('HINCRBY', LEASES, 'network:' .. name, 1) end
return DONE

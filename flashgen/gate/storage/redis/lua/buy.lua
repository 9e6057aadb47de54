-- A lease becomes an order, in the outbox: the order that the buyer had, the storage's changes with this one, or why not.

local epoch, holder, sku, now, slots, networks, unseen_before, stock, per_buyer, buyer = unpack(ARGV)
local may_revive, id, record, accepted_at, due_at, expected, least, most, contact = unpack(ARGV, 11)

local known, taken, storage, changes = unpack(redis.call('HMGET', SALE, 'epoch', 'taken:' .. sku, 'id', 'changes'))
if not known then return NOT_BEGUN end
if is_other(storage, changes, expected, least) then return BEHIND end
local behind = is_behind(known, epoch)
local order = order_of(holder)
if behind or (not order and is_reached(most, changes)) then return order or FULL end

void_old(epoch)
end_expired(now, holder)
local was_held = end_lease(holder)
if order then return order end
local reason = refused(stock, taken, per_buyer, buyer)
if reason then return reason end
if not was_held and not (may_revive == '1' and make_room(now, slots, networks, unseen_before)) then return FULL end

for name in networks:gmatch('([^ =]+)=') do redis.call('HDEL', LEASES, 'unused:' .. name) end

if redis.call('HSETNX', ORDERS, id, record) == 0 then error({err = 'DAMAGED there is another order of this id'}) end
if contact ~= '' then redis.call('HSET', ORDERS, 'contact:' .. id, contact) end
redis.call('HSET', BUYERS, holder, id)
redis.call('HINCRBY', UNITS, buyer, 1)
redis.call('ZADD', ACCEPTED, accepted_at, id)
redis.call('ZADD', WAITING, accepted_at, id)
redis.call('ZADD', OUTBOX, due_at, id)
redis.call('HINCRBY', SALE, 'taken:' .. sku, 1)
redis.call('HINCRBY', SALE, 'orders:accepted', 1)
return {redis.call('HINCRBY', SALE, 'changes', 1)}

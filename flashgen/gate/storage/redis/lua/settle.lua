-- What became of an attempt. The order's record as it is then, or DONE when there is none of that id.

local id, state, due_at, note = unpack(ARGV)

if not is_begun() then return NOT_BEGUN end
local order = read(id)
if not order then return DONE end
if order.state == 'done' or order.state == 'rejected' then return order.record end

redis.call('HINCRBY', SALE, 'changes', 1)
redis.call('HINCRBY', SALE, 'orders:' .. order.state, -1)
redis.call('HINCRBY', SALE, 'orders:' .. state, 1)
order.state, order.note = state, note
postpone(id, order, due_at)
if state == 'unknown' then
  order.attempts = string.format('%d', order.attempts + 1)
else
  redis.call('ZREM', OUTBOX, id)
  redis.call('ZREM', WAITING, id)
end
if state == 'rejected' then
  local facts = cjson.decode(order.facts)
  redis.call('HINCRBY', SALE, 'taken:' .. facts.sku, -1)
  local holder = #facts.sku .. ':' .. facts.sku .. facts.buyer
  if redis.call('HGET', BUYERS, holder) == id then redis.call('HDEL', BUYERS, holder) end
end
write(id, order)
return order.record

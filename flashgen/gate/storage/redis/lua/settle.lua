-- What the order subsystem said of an order, by the rules of `settled` in orders/order.py. The order's record as it is
-- then, or DONE when there is none of that id.

local id, result, due_at, note, url = unpack(ARGV)

local function holds_unit(state)
  return state ~= 'rejected' and state ~= 'released' and state ~= 'paid-late'
end

local function is_overdue(order)
  return order.state == 'reserved' and order.attempts ~= '0'
end

local function state_after(before)
  if result == 'paid' then return holds_unit(before) and 'paid' or 'paid-late' end
  if result == 'released' then return (before == 'paid' or not holds_unit(before)) and before or 'released' end
  return is_waiting(before) and result or before
end

local function give_back(order)
  local facts = cjson.decode(order.facts)
  redis.call('HINCRBY', SALE, 'taken:' .. facts.sku, -1)
  local holder = #facts.sku .. ':' .. facts.sku .. facts.buyer
  if redis.call('HGET', BUYERS, holder) ~= id then return end
  redis.call('HDEL', BUYERS, holder)
  if redis.call('HINCRBY', UNITS, facts.buyer, -1) < 1 then redis.call('HDEL', UNITS, facts.buyer) end
end

if not is_begun() then return NOT_BEGUN end
local order = read(id)
if not order then return DONE end
local before, after = order.state, state_after(order.state)
local waits_on = (before == 'unknown' or before == 'reserved') and (result == before or result == 'unknown')
if after == before and not waits_on then return order.record end

redis.call('HINCRBY', SALE, 'changes', 1)
redis.call('HINCRBY', SALE, 'orders:' .. before, -1)
redis.call('HINCRBY', SALE, 'orders:' .. after, 1)
local was_overdue = is_overdue(order)
order.state, order.note = after, note
if result == 'unknown' then order.attempts = string.format('%d', order.attempts + 1) end
if after == 'reserved' and before ~= after then order.attempts = '0' end
if url ~= '' then order.url = url end
redis.call('ZREM', OUTBOX, id)
redis.call('ZREM', RESERVED, id)
if not is_waiting(after) then redis.call('ZREM', WAITING, id) end
postpone(id, order, due_at)
if was_overdue ~= is_overdue(order) then redis.call('HINCRBY', SALE, 'overdue', was_overdue and -1 or 1) end
if holds_unit(before) and not holds_unit(after) then give_back(order) end
write(id, order)
return order.record

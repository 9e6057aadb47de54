-- The records of orders that are due; nobody else gets them for a while.

local now, till, limit, which = unpack(ARGV)

if not is_begun() then return NOT_BEGUN end
local claimed, queue = {}, which == 'reserved' and RESERVED or OUTBOX
for index, id in ipairs(redis.call('ZRANGE', queue, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)) do
  local order = read(id) or error({err = 'DAMAGED an order is missing'})
  postpone(id, order, till)
  write(id, order)
  claimed[index] = order.record
end
return claimed

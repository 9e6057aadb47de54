-- Before claim, settle and retry: a sale's keys, and its orders' records.

local SALE, BUYERS, ORDERS, ACCEPTED, WAITING, OUTBOX = unpack(KEYS)

local NOT_BEGUN, DONE = 0, 1

local function is_begun()
  return redis.call('HEXISTS', SALE, 'epoch') == 1
end

-- A record's first line never changes; behind it is how far the order has come.
local function read(id)
  local record = redis.call('HGET', ORDERS, id)
  if not record then return nil end
  local facts, state, attempts, due_at, note = record:match('^([^\n]*)\n(%S+) (%d+) (%S+) (.*)$')
  return {record = record, facts = facts, state = state, attempts = attempts, due_at = due_at, note = note}
end

local function write(id, order)
  local progress = table.concat({order.state, order.attempts, order.due_at, order.note}, ' ')
  order.record = order.facts .. '\n' .. progress
  redis.call('HSET', ORDERS, id, order.record)
end

local function postpone(id, order, due_at)
  order.due_at = due_at
  redis.call('ZADD', OUTBOX, due_at, id)
end

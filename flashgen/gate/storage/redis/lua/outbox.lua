-- Before claim, settle, retry and renew: a sale's keys, and its orders' records.

local SALE, BUYERS, ORDERS, ACCEPTED, WAITING, OUTBOX, RESERVED, UNITS = unpack(KEYS)

local NOT_BEGUN, DONE = 0, 1

local function is_begun()
  return redis.call('HEXISTS', SALE, 'epoch') == 1
end

-- A record's first line never changes; behind it is how far the order has come, then where its buyer pays.
local function read(id)
  local record = redis.call('HGET', ORDERS, id)
  if not record then return nil end
  local facts, state, attempts, due_at, note, url = record:match('^([^\n]*)\n(%S+) (%d+) (%S+) ([^\n]*)\n?(.*)$')
  return {record = record, facts = facts, state = state, attempts = attempts, due_at = due_at, note = note, url = url}
end

local function write(id, order)
  local progress = table.concat({order.state, order.attempts, order.due_at, order.note}, ' ')
  order.record = order.facts .. '\n' .. progress .. (order.url ~= '' and '\n' .. order.url or '')
  redis.call('HSET', ORDERS, id, order.record)
end

local function is_waiting(state)
  return state == 'accepted' or state == 'unknown'
end

-- An order that waits for a word of the order subsystem is asked for at `due_at`; any other is in no queue.
local function postpone(id, order, due_at)
  order.due_at = due_at
  if is_waiting(order.state) then redis.call('ZADD', OUTBOX, due_at, id) end
  if order.state == 'reserved' then redis.call('ZADD', RESERVED, due_at, id) end
end

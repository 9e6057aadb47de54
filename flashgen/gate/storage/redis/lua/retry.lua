-- Of these orders, those that wait for their next attempt are due now. How many, as a one-element list.

local now = ARGV[1]

if not is_begun() then return NOT_BEGUN end
local count = 0
for index = 2, #ARGV do
  local id = ARGV[index]
  local order = read(id)
  if order and order.state == 'unknown' and tonumber(order.due_at) > tonumber(now) then
    postpone(id, order, now)
    write(id, order)
    count = count + 1
  end
end
return {count}

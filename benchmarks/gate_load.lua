-- For wrk: send the requests of a file, which are separated by NUL bytes, one after the other, over and over.
--
--     wrk ... -s gate_load.lua URL -- FILE
--
-- Says what happened as a line of JSON.

local requests, at = {}, 0

function init(args)
  for request in io.open(args[1], 'rb'):read('*a'):gmatch('[^%z]+') do
    requests[#requests + 1] = request
  end
  if #requests == 1 then  -- wrk sends what never changes without asking for it again
    wrk.format, request = function() return requests[1] end, nil
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"count": %d, "seconds": %.6f, "refused": %d, "broken": %d, "p50": %.6f, "p99": %.6f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end

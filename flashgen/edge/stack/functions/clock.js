// Viewer response, pointer: the edge's time in milliseconds, by which pages count down.
// `Date` stands still at the function's start, less than a millisecond ago.

function handler(event) {
  var response = event.response;
  response.headers["x-now"] = { value: String(Date.now()) };
  return response;
}

// Viewer request, default behaviour: from a path to a key of the store, with the meaning of flashgen/edge/rules/paths.py.
//
//   /x/   the object x/index.html
//   /x    without a dot in its last segment: 302 to /x/, with its query as it came
//   else  as it is; what cannot be a key is 404, so that no Location begins with `//`
//
// `uri` is percent-encoded as the viewer sent it.

var LONGEST_KEY_BYTES = 1024;

function decoded(uri) {
  try {
    return decodeURIComponent(uri);
  } catch (malformed) {
    return "";
  }
}

// Also what encodeURIComponent leaves: only letters, digits and `-._~` stay (RFC 3986, 2.3).
function encoded(segment) {
  return encodeURIComponent(segment).replace(/[!'()*]/g, function (sign) {
    return "%" + sign.charCodeAt(0).toString(16).toUpperCase();
  });
}

function isKey(key) {
  var segments = key.split("/");
  if (key.indexOf("\\") >= 0 || key.indexOf("\u0000") >= 0) return false;
  if (segments[0].toLowerCase() === ".meta") return false;
  for (var i = 0; i < segments.length; i++) {
    if (segments[i] === "" || segments[i] === "." || segments[i] === "..") return false;
  }
  return encodeURIComponent(key).replace(/%../g, "x").length <= LONGEST_KEY_BYTES;
}

function handler(event) {
  var request = event.request;
  var path = decoded(request.uri);
  var isFolder = path.slice(-1) === "/";
  var key = path.slice(1) + (isFolder ? "index.html" : "");
  if (path[0] !== "/" || !isKey(key)) return { statusCode: 404, statusDescription: "Not Found" };
  if (isFolder) {
    request.uri += "index.html";
    return request;
  }
  if (key.split("/").pop().indexOf(".") >= 0) return request;
  var query = request.rawQueryString();
  var location = "/" + key.split("/").map(encoded).join("/") + "/" + (query ? "?" + query : "");
  return { statusCode: 302, statusDescription: "Found", headers: { location: { value: location } } };
}

// A webhook receiver: `node receiver.mjs PORT whsec_…` prints the body of each notification that is news to it.
// While a secret is rotated, give it both: the new one and the one before.
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

const [port, ...secrets] = process.argv.slice(2);
// The ids of what was dealt with. In a product: a table, written in the transaction of what is done about it.
const seen = new Set();
// By credential, the newest version that is known; a column of the same table.
const versions = new Map();

// Signed with one of the secrets within the last five minutes; null otherwise.
function verified(body, headers) {
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(body, headers);
    } catch {
      // The next one, then.
    }
  }
  return null;
}

// Neither a repetition nor overtaken: an id may come again, and an older version after a newer one.
function isNews({ id, credentialId, data }) {
  const version = data.version ?? 0;
  if (seen.has(id) || version < (versions.get(credentialId) ?? 0)) return false;
  seen.add(id);
  versions.set(credentialId, version);
  return true;
}

// Forged or old: 401. Everything else: 2xx at once, also what is no news; else it would come again.
// What takes long is done after the answer: it is waited for 15 seconds.
createServer(async (request, response) => {
  const body = (await buffer(request)).toString();
  const event = verified(body, request.headers);
  response.writeHead(event ? 204 : 401).end();
  if (event && isNews(event)) console.log(body);
}).listen(Number(port), "127.0.0.1");

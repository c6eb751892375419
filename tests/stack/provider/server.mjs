// A real OAuth server (oidc-provider) for the stack tests, on a free loopback port, with a small control door.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const told = { mode: 'plain', accessTokenSeconds: 3600, openerPolicy: 'unsafe-none', tokenRequests: [] };
const redirectUris = process.argv.slice(2);

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'evergrant',
      client_secret: 'provider-secret-canary',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  cookies: { keys: ['only for tests'] },
  scopes: ['openid', 'offline_access', 'email'],
  pkce: { required: () => true },
  features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  ttl: {
    AccessToken: () => told.accessTokenSeconds,
    AuthorizationCode: 60,
    RefreshToken: 14 * 86400,
    Grant: 14 * 86400,
    Interaction: 600,
    Session: 600,
    IdToken: 3600,
  },
  findAccount: async (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, email: `${sub}@provider.example` }) }),
});

// What a hostile or a sick token endpoint answers.
const MODES = {
  html: (ctx) => { ctx.type = 'html'; ctx.body = '<html>Sorry</html>'; },
  down: (ctx) => { ctx.status = 500; ctx.body = { error: 'server_error' }; },
  error200: (ctx) => { ctx.body = { error: 'invalid_grant' }; },
  twins: (ctx) => { ctx.type = 'json'; ctx.body = '{"access_token":"a","access_token":"b","token_type":"bearer"}'; },
  redirect: (ctx) => { ctx.status = 307; ctx.set('location', `${issuer}/stolen`); },
  client: (ctx) => { ctx.status = 401; ctx.body = { error: 'invalid_client' }; },
  silent: (ctx) => { ctx.respond = false; },
  endless: async (ctx) => {
    ctx.respond = false;
    ctx.res.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => ctx.res.write('[' + ' '.repeat(64 * 1024)), 20);
    ctx.res.on('close', () => clearInterval(timer));
  },
};

provider.use(async (ctx, next) => {
  if (ctx.path === '/token') told.tokenRequests.push({ mode: told.mode, authorization: ctx.get('authorization') !== '' });
  if (ctx.path === '/stolen') told.tokenRequests.push({ mode: 'stolen' });
  if (ctx.path === '/token' && MODES[told.mode]) return MODES[told.mode](ctx);
  return next();
});

const handle = provider.callback();
server.on('request', (request, response) => {
  response.setHeader('cross-origin-opener-policy', told.openerPolicy);
  if (request.url !== '/control') return handle(request, response);
  let text = '';
  request.on('data', (part) => { text += part; });
  request.on('end', () => {
    if (text) Object.assign(told, JSON.parse(text));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(told));
  });
});
console.log(issuer);

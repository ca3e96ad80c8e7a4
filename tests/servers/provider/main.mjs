// The lab's sign-in service: a certified OpenID provider that looks like Entra, on loopback, over TLS.
// Usage: node main.mjs PORT CERT KEY SECRET FOLDER   (FOLDER has app.secret and app.pem, the apps' credentials)
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';
import { serveAdmin } from './admin.mjs';
import { dressRequest, entraHabits } from './entra.mjs';
import { serveInteraction } from './interaction.mjs';
import { settings } from './settings.mjs';

const [port, cert, key, secret, folder] = process.argv.slice(2);
const origin = `https://localhost:${port}`;
// Tenants that mean this one (Entra takes its name, `common` and `organizations`).
const TENANTS = /^\/(contoso\.test|common|organizations)(?=\/)/;
const DISCOVERY = '/.well-known/openid-configuration';

const provider = new Provider(`${origin}/contoso.test/v2.0`, settings(secret, folder));
provider.use(entraHabits(`${origin}/device`));
provider.on('server_error', (context, error) => console.error(context.path, error));
for (const event of ['grant.success', 'grant.error', 'introspection.error', 'device_authorization.error']) {
  provider.on(event, (context, error) => console.log(new Date().toISOString(), event, context.oidc?.params?.grant_type ?? '', error?.error_description ?? ''));
}
const serveProvider = provider.callback();

// The provider derives its mount path, and with it every address it prints, from `originalUrl` less `url`.
function serveTenant(request, response) {
  const tenant = TENANTS.exec(request.url)?.[0];
  if (!tenant) {
    response.writeHead(404).end();
    return;
  }
  request.url = dressRequest(request.url);
  request.originalUrl = request.url;
  request.url = request.url.slice(tenant.length);
  if (request.url === `/v2.0${DISCOVERY}`) {
    request.originalUrl = tenant + DISCOVERY;
    request.url = DISCOVERY;
  }
  serveProvider(request, response);
}

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, async (request, response) => {
  if (await serveAdmin(provider, request, response) || await serveInteraction(provider, request, response)) return;
  serveTenant(request, response);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${origin}`));
process.on('SIGTERM', () => process.exit(0));

// The page that asks a person in a browser who signs in; plain forms, so that a test can be the browser.
import { bodyOf, consent } from './admin.mjs';
import { personOf } from './settings.mjs';

const escape = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function page(client, hint, remark = '') {
  return `<!doctype html><title>Sign in</title><h1>Sign in to ${escape(client)}</h1><p>${escape(remark)}
<form method="post"><p>I am <input name="user" value="${escape(hint)}" autofocus>
<p><button name="action" value="approve">Yes</button> <button name="action" value="deny">No</button></form>`;
}

// Answers the request if it is for such a page; tells whether it was.
export async function serveInteraction(provider, request, response) {
  if (!request.url.startsWith('/interaction/')) return false;
  try {
    const { params } = await provider.interactionDetails(request, response);
    const body = request.method === 'POST' ? await bodyOf(request) : {};
    if (body.action === 'deny') {
      const refusal = { error: 'access_denied', error_description: 'AADSTS65004: User declined to consent to access the app.' };
      await provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false });
    } else if (body.action === 'approve' && personOf(body.user)) {
      const { grantId } = await consent(provider, params.client_id, body.user, params.scope);
      const answer = { login: { accountId: body.user }, consent: { grantId } };
      await provider.interactionFinished(request, response, answer, { mergeWithLastSubmission: false });
    } else {
      const remark = body.action ? `Nobody is called ${body.user}.` : '';
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page(params.client_id, params.login_hint ?? '', remark));
    }
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(`${error.message}\n`);
  }
  return true;
}

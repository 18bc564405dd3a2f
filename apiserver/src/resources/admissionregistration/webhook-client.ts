import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ServiceReference, WebhookClientConfig } from '@coracle/apimachinery/types/admissionregistration-v1';
import { dns1123Subdomain, portNumber } from '@coracle/apimachinery/validation';

/** Where a webhook is: a URL or a service of the cluster (apiserver/pkg/util/webhook). */
export function validateClientConfig(config: WebhookClientConfig | undefined, path: string): FieldError[] {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined)) {
    return [field.required(path, 'exactly one of url or service is required')];
  }
  if (url !== undefined) return validateUrl(url, `${path}.url`);
  return validateService(service as ServiceReference, `${path}.service`);
}

const form = '; desired format: https://host[/path]';

function validateUrl(text: string, path: string): FieldError[] {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(
    text,
  );
  if (match === null || /[\s\u0000-\u001f]/.test(text)) {
    return [
      field.required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid character in URL${form}`),
    ];
  }
  const [, scheme = '', user, host = '', query, fragment] = match;
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(field.invalid(path, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(field.invalid(path, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(field.invalid(path, user, 'user information is not permitted in the URL'));
  if (fragment) errors.push(field.invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query) errors.push(field.invalid(path, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function validateService({ name, namespace, path: urlPath, port = 443 }: ServiceReference, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(field.required(`${path}.name`));
  if (!namespace) errors.push(field.required(`${path}.namespace`));
  const problems = portNumber(port);
  if (problems.length > 0) {
    errors.push(field.invalid(`${path}.port`, port, `port is not valid: ${problems.join(', ')}`));
  }
  if (!urlPath || urlPath === '/') return errors;
  const at = `${path}.path`;
  if (urlPath === '//') return [...errors, field.invalid(at, urlPath, 'segment[0] may not be empty')];
  if (!urlPath.startsWith('/')) errors.push(field.invalid(at, urlPath, "must start with a '/'"));
  const steps = urlPath.slice(1).replace(/\/$/, '').split('/');
  for (const [index, step] of steps.entries()) {
    if (step === '') errors.push(field.invalid(at, urlPath, `segment[${index}] may not be empty`));
    else errors.push(...dns1123Subdomain(step).map((text) => field.invalid(at, urlPath, `segment[${index}]: ${text}`)));
  }
  return errors;
}

import type { JwtOptions } from './jwt/index.ts';
import type { RequestHeaderOptions } from './request-header.ts';
import type { TokenWebhookOptions } from './token-webhook.ts';

/** Who is believed beside certificates and the tokens of service accounts. */
export interface AuthenticationOptions extends JwtOptions {
  /** `--anonymous-auth`; absent: it was not said, and the configuration file may. */
  readonly anonymous?: boolean;
  readonly webhook?: TokenWebhookOptions;
  readonly requestHeader?: RequestHeaderOptions;
}

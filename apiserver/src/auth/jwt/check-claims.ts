import type { CelProgram } from '@coracle/apimachinery/cel';
import { field, type FieldError } from '@coracle/apimachinery/errors';
import { validateDomainPrefixedPath } from '../../resources/shared/domain-path.ts';
import type { ClaimMappings, JwtAuthenticatorConfig, PrefixedClaimOrExpression } from './configuration.ts';
import { compileExpression, type ExpressionVariable } from './expressions.ts';

/** The expressions of an authenticator, ready to run; undefined where there is none. */
export interface ClaimPrograms {
  readonly username: CelProgram | undefined;
  readonly groups: CelProgram | undefined;
  readonly uid: CelProgram | undefined;
  readonly extra: readonly { readonly key: string; readonly expression: string; readonly program: CelProgram }[];
  readonly claimRules: readonly Rule[];
  readonly userRules: readonly Rule[];
}

export interface Rule {
  readonly expression: string;
  readonly message: string;
  readonly program: CelProgram;
}

/** What is wrong with what is asked of claims and made of them, and the programs for where nothing is. */
export function checkClaims(
  config: JwtAuthenticatorConfig,
  path: string,
): { readonly programs: ClaimPrograms; readonly errors: readonly FieldError[] } {
  const check = new Check();
  const { claimMappings = {}, claimValidationRules = [], userValidationRules = [] } = config;
  const claimRules = check.claimRules(claimValidationRules, `${path}.claimValidationRules`);
  const mapped = check.mappings(claimMappings, `${path}.claimMappings`);
  check.email(mapped, claimRules, claimMappings, `${path}.claimMappings`);
  const userRules = check.userRules(userValidationRules, `${path}.userValidationRules`);
  return { programs: { ...mapped, claimRules, userRules }, errors: check.errors };
}

type Mapped = Pick<ClaimPrograms, 'username' | 'groups' | 'uid' | 'extra'>;

class Check {
  readonly errors: FieldError[] = [];

  claimRules(rules: NonNullable<JwtAuthenticatorConfig['claimValidationRules']>, path: string): Rule[] {
    const seen = new Set<string>();
    return rules.flatMap(({ claim = '', requiredValue = '', expression = '', message = '' }, index) => {
      const at = `${path}[${index}]`;
      if (claim !== '' && expression !== '') {
        this.errors.push(field.invalid(at, claim, "claim and expression can't both be set"));
      } else if (claim === '' && expression === '') {
        this.errors.push(field.required(at, 'claim or expression is required'));
      } else if (claim !== '') {
        this.#refuse(message, `${at}.message`, 'may not be specified when claim is set');
        this.#once(seen, `claim ${claim}`, claim, `${at}.claim`);
      } else {
        this.#refuse(requiredValue, `${at}.requiredValue`, 'may not be specified when expression is set');
        return this.#rule(seen, { expression, message }, 'claims', `${at}.expression`);
      }
      return [];
    });
  }

  userRules(rules: NonNullable<JwtAuthenticatorConfig['userValidationRules']>, path: string): Rule[] {
    const seen = new Set<string>();
    return rules.flatMap(({ expression = '', message = '' }, index) => {
      const at = `${path}[${index}].expression`;
      if (expression !== '') return this.#rule(seen, { expression, message }, 'user', at);
      this.errors.push(field.required(at));
      return [];
    });
  }

  mappings({ username = {}, groups = {}, uid = {}, extra = [] }: ClaimMappings, path: string): Mapped {
    if (uid.claim && uid.expression) {
      this.errors.push(field.invalid(`${path}.uid`, '', "claim and expression can't both be set"));
    }
    return {
      username: this.#mapping(username, `${path}.username`, true),
      groups: this.#mapping(groups, `${path}.groups`, false),
      uid: uid.claim ? undefined : this.#compile(uid.expression, 'claims', `${path}.uid.expression`),
      extra: this.#extra(extra, `${path}.extra`),
    };
  }

  /** An address that nobody verified must not name a user by oversight. */
  email({ username, extra }: Mapped, rules: readonly Rule[], { username: said }: ClaimMappings, path: string): void {
    if (username?.selects('claims', 'email') !== true) return;
    const programs = [username, ...[...extra, ...rules].map(({ program }) => program)];
    if (programs.some((program) => program.selects('claims', 'email_verified'))) return;
    const why =
      'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';
    this.errors.push(field.invalid(`${path}.username.expression`, said?.expression, why));
  }

  #mapping(mapping: PrefixedClaimOrExpression, path: string, isRequired: boolean): CelProgram | undefined {
    const { claim = '', prefix, expression = '' } = mapping;
    if (claim !== '' && expression !== '') {
      this.errors.push(field.invalid(path, '', "claim and expression can't both be set"));
      return undefined;
    }
    if (expression !== '') {
      if (prefix !== undefined) {
        this.errors.push(field.invalid(`${path}.prefix`, prefix, 'may not be specified when expression is set'));
      }
      return this.#compile(expression, 'claims', `${path}.expression`);
    }
    if (claim === '' && isRequired) this.errors.push(field.required(path, 'claim or expression is required'));
    if (claim !== '' && prefix === undefined) {
      const why = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
      this.errors.push(field.required(`${path}.prefix`, why));
    }
    return undefined;
  }

  #extra(mappings: NonNullable<ClaimMappings['extra']>, path: string): ClaimPrograms['extra'] {
    const seen = new Set<string>();
    return mappings.flatMap(({ key = '', valueExpression: expression = '' }, index) => {
      const at = `${path}[${index}]`;
      this.errors.push(...validateDomainPrefixedPath(key, `${at}.key`));
      if (key !== key.toLowerCase()) this.errors.push(field.invalid(`${at}.key`, key, 'must be lowercase'));
      if (/^([^/]*\.)?(kubernetes|k8s)\.io\//.test(key)) {
        const why = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
        this.errors.push(field.invalid(`${at}.key`, key, why));
      }
      if (!this.#once(seen, key, key, `${at}.key`)) return [];
      if (expression === '') {
        this.errors.push(field.required(`${at}.valueExpression`));
        return [];
      }
      const program = this.#compile(expression, 'claims', `${at}.valueExpression`);
      return program === undefined ? [] : [{ key, expression, program }];
    });
  }

  #rule(seen: Set<string>, rule: Omit<Rule, 'program'>, variable: ExpressionVariable, path: string): Rule[] {
    const { expression } = rule;
    if (!this.#once(seen, expression, expression, path)) return [];
    const program = this.#compile(expression, variable, path, 'bool');
    return program === undefined ? [] : [{ ...rule, program }];
  }

  #compile(
    expression: string | undefined,
    variable: ExpressionVariable,
    path: string,
    result?: 'bool',
  ): CelProgram | undefined {
    if (!expression) return undefined;
    const found = compileExpression(expression, variable, result);
    if (typeof found !== 'string') return found;
    this.errors.push(field.invalid(path, expression, found));
    return undefined;
  }

  #refuse(value: string, path: string, why: string): void {
    if (value !== '') this.errors.push(field.invalid(path, value, why));
  }

  #once(seen: Set<string>, key: string, value: string, path: string): boolean {
    if (seen.has(key)) {
      this.errors.push(field.duplicate(path, value));
      return false;
    }
    seen.add(key);
    return true;
  }
}

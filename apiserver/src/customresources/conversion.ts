import { internalError, quote } from '@coracle/apimachinery/errors';
import type { Random } from '@coracle/apimachinery/clock';
import { deepCopy, isObject } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { groupVersion, type ObjectSchema } from '@coracle/apimachinery/schema';
import { applyDefaults, checkObject } from '@coracle/apimachinery/structural';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { newUuid } from '../registry/uuid.ts';
import type { WebhookClient } from '../webhooks/index.ts';

/** How objects of a definition turn from one of its versions into another. */
export interface Conversion {
  /** In another version; what both have in common is shared. Throws InternalError for what was not prepared. */
  convert(object: KubernetesObject, version: string): KubernetesObject;
  /** Absent where converting needs no help. */
  readonly prepare?: (objects: readonly KubernetesObject[], version: string) => Promise<void>;
}

export interface ConversionDependencies {
  readonly webhooks: WebhookClient;
  readonly random: Random;
}

/** Versions that differ in nothing but their name (`strategy: None`). */
function renaming(group: string): Conversion {
  return {
    convert(object, version) {
      const apiVersion = groupVersion({ group, version });
      return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
    },
  };
}

export function conversionOf(
  definition: CustomResourceDefinition,
  schemas: ReadonlyMap<string, ObjectSchema>,
  dependencies: ConversionDependencies,
): Conversion {
  const { conversion, group } = definition.spec;
  if (conversion?.strategy !== 'Webhook') return renaming(group);
  return new WebhookConversion(definition, schemas, dependencies);
}

const timeoutSeconds = 30;
const never = new AbortController().signal;

/** Asks a webhook, once for each object and version (apiextensions-apiserver pkg/apiserver/conversion). */
class WebhookConversion implements Conversion {
  readonly #definition: CustomResourceDefinition;
  readonly #schemas: ReadonlyMap<string, ObjectSchema>;
  readonly #dependencies: ConversionDependencies;
  /** Objects of a store are kept and shared, so is what they were converted to. */
  readonly #converted = new WeakMap<KubernetesObject, Map<string, KubernetesObject>>();

  constructor(
    definition: CustomResourceDefinition,
    schemas: ReadonlyMap<string, ObjectSchema>,
    dependencies: ConversionDependencies,
  ) {
    this.#definition = definition;
    this.#schemas = schemas;
    this.#dependencies = dependencies;
  }

  convert(object: KubernetesObject, version: string): KubernetesObject {
    if (object.apiVersion === this.#apiVersion(version)) return object;
    const converted = this.#converted.get(object)?.get(version);
    if (converted === undefined) throw this.#failed(version, 'the object was not converted beforehand');
    return converted;
  }

  readonly prepare = async (objects: readonly KubernetesObject[], version: string): Promise<void> => {
    const apiVersion = this.#apiVersion(version);
    const open = objects.filter(
      (object) => object.apiVersion !== apiVersion && !this.#converted.get(object)?.has(version),
    );
    if (open.length === 0) return;
    const answers = await this.#ask(open, version);
    for (const [index, object] of open.entries()) {
      const versions = this.#converted.get(object) ?? new Map<string, KubernetesObject>();
      versions.set(version, this.#accept(object, answers[index], version));
      this.#converted.set(object, versions);
    }
  };

  async #ask(objects: readonly KubernetesObject[], version: string): Promise<readonly unknown[]> {
    const { webhooks, random } = this.#dependencies;
    const config = this.#definition.spec.conversion?.webhook?.clientConfig ?? {};
    const uid = newUuid(random);
    const body = JSON.stringify({
      kind: 'ConversionReview',
      apiVersion: 'apiextensions.k8s.io/v1',
      request: { uid, desiredAPIVersion: this.#apiVersion(version), objects },
    });
    const answer = await webhooks.call({ config, body, timeoutSeconds, signal: never }).catch((error: Error) => {
      throw this.#failed(version, error.message);
    });
    const response = isObject(answer) ? answer['response'] : undefined;
    if (!isObject(response)) throw this.#failed(version, 'the answer has no response');
    if (response['uid'] !== uid)
      throw this.#failed(version, `expected response.uid=${quote(uid)}, got ${quote(String(response['uid']))}`);
    const result = isObject(response['result']) ? response['result'] : {};
    if (result['status'] !== 'Success') {
      throw this.#failed(
        version,
        typeof result['message'] === 'string' ? result['message'] : 'the webhook gave no reason',
      );
    }
    const converted = response['convertedObjects'];
    if (!Array.isArray(converted) || converted.length !== objects.length) {
      const count = Array.isArray(converted) ? converted.length : 0;
      throw this.#failed(version, `webhook returned ${count} objects, expected ${objects.length}`);
    }
    return converted;
  }

  /** A webhook converts the schema's fields, labels and annotations; who the object is it must leave alone. */
  #accept(original: KubernetesObject, answer: unknown, version: string): KubernetesObject {
    const apiVersion = this.#apiVersion(version);
    if (!isObject(answer) || answer['apiVersion'] !== apiVersion || answer['kind'] !== original.kind) {
      throw this.#failed(version, `the webhook returned an object that is no ${apiVersion} ${original.kind}`);
    }
    const meta = isObject(answer['metadata']) ? (answer['metadata'] as KubernetesObject['metadata']) : undefined;
    for (const name of ['name', 'namespace', 'uid'] as const) {
      if ((meta?.[name] ?? '') !== (original.metadata?.[name] ?? '')) {
        throw this.#failed(version, `the webhook must not change metadata.${name}`);
      }
    }
    const metadata = { ...deepCopy(original.metadata ?? {}) };
    for (const name of ['labels', 'annotations'] as const) {
      if (meta?.[name] === undefined) delete metadata[name];
      else metadata[name] = meta[name];
    }
    const object = { ...answer, metadata } as Record<string, unknown>;
    const schema = this.#schemas.get(version);
    if (schema === undefined) return object as KubernetesObject;
    const pruned = checkObject(object, schema).object;
    applyDefaults(pruned, schema);
    return pruned as KubernetesObject;
  }

  #apiVersion(version: string): string {
    return groupVersion({ group: this.#definition.spec.group, version });
  }

  #failed(version: string, why: string): Error {
    const { group, names } = this.#definition.spec;
    return internalError(`conversion webhook for ${group}/${version}, Kind=${names.kind} failed: ${why}`);
  }
}

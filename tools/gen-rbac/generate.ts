/**
 * Writes `apiserver/src/auth/rbac/bootstrap-policy.json`: the roles and bindings that every cluster has from the start,
 * facts of upstream's bootstrap policy with its default feature gates.
 *
 *     node tools/gen-rbac/generate.ts [FOLDER-OF-kubernetes]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';

const moduleVersion = 'k8s.io/kubernetes@v1.37.2';
const source = 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata';
const target = new URL('../../apiserver/src/auth/rbac/bootstrap-policy.json', import.meta.url);

interface PolicyObject {
  apiVersion?: string;
  metadata: { creationTimestamp?: null; name: string; namespace?: string; labels?: object; annotations?: object };
}

function moduleFolder(): string {
  return join(execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim(), moduleVersion);
}

function itemsOf(folder: string, name: string): PolicyObject[] {
  const { items } = load(readFileSync(join(folder, source, `${name}.yaml`), 'utf8')) as { items: PolicyObject[] };
  for (const { metadata } of items) delete metadata.creationTimestamp;
  return items;
}

const folder = process.argv[2] ?? moduleFolder();
const policy = {
  clusterRoles: [...itemsOf(folder, 'cluster-roles'), ...itemsOf(folder, 'controller-roles')],
  clusterRoleBindings: [...itemsOf(folder, 'cluster-role-bindings'), ...itemsOf(folder, 'controller-role-bindings')],
  roles: itemsOf(folder, 'namespace-roles'),
  roleBindings: itemsOf(folder, 'namespace-role-bindings'),
};
writeFileSync(target, `${JSON.stringify(policy, null, 1)}\n`);

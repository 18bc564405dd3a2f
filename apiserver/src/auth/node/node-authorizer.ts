import { quote } from '@coracle/apimachinery/errors';
import { parseFieldSelector } from '@coracle/apimachinery/selectors';
import type { UserInfo } from '../../http/api-request.ts';
import type { Readers } from '../../registry/readers.ts';
import { allowed, noOpinion } from '../authorization/authorizer-chain.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer, UserRules } from '../authorizer.ts';
import { nodeNameOf } from '../authenticators/index.ts';
import { nodeRules } from '../rbac/bootstrap-policy.ts';
import { ruleAllows } from '../rbac/rules.ts';
import { NodeGraph } from './node-graph.ts';

const abstain = (reason: string): AuthorizationDecision => ({ decision: 'no-opinion', reason });
const leaseNamespace = 'kube-node-lease';

/**
 * Lets a node at what concerns it and nothing else: itself, its pods, and what its pods use. The reasons are upstream's
 * (plugin/pkg/auth/authorizer/node); what the content of a write may be is the NodeRestriction plug-in's business.
 */
export class NodeAuthorizer implements Authorizer {
  readonly name = 'node';
  readonly #graph: NodeGraph;

  constructor(readers: Readers, signal: AbortSignal) {
    this.#graph = new NodeGraph(readers, signal);
  }

  ready(): Promise<void> {
    return this.#graph.ready();
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision {
    const node = nodeNameOf(attributes.user);
    if (node === undefined) return noOpinion;
    if (node === '') return abstain(`unknown node for user ${quote(attributes.user.username)}`);
    if (attributes.isResourceRequest) {
      const rule = this.#rules[`${attributes.apiGroup}/${attributes.resource}`];
      if (rule !== undefined) return rule(node, attributes);
    }
    return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? allowed : noOpinion;
  }

  async rulesFor(user: UserInfo): Promise<UserRules> {
    const none = { resourceRules: [], nonResourceRules: [] };
    if (nodeNameOf(user) === undefined) return { ...none, incomplete: false };
    return { ...none, incomplete: true, evaluationError: 'node authorizer does not support user rule resolution' };
  }

  readonly #rules: Readonly<
    Record<string, (node: string, attributes: AuthorizationAttributes) => AuthorizationDecision>
  > = {
    '/secrets': (node, attributes) => this.#read(node, 'secret', attributes),
    '/configmaps': (node, attributes) => this.#read(node, 'configmap', attributes),
    '/persistentvolumeclaims': (node, attributes) => this.#claim(node, attributes),
    '/persistentvolumes': (node, attributes) => this.#get(node, 'persistentvolume', attributes),
    'resource.k8s.io/resourceclaims': (node, attributes) => this.#get(node, 'resourceclaim', attributes),
    'storage.k8s.io/volumeattachments': (node, attributes) => this.#get(node, 'volumeattachment', attributes),
    '/serviceaccounts': (node, attributes) => this.#serviceAccount(node, attributes),
    'coordination.k8s.io/leases': lease,
    'storage.k8s.io/csinodes': csiNode,
    'resource.k8s.io/resourceslices': (node, attributes) => this.#resourceSlice(node, attributes),
    '/nodes': ownNode,
    '/pods': (node, attributes) => this.#pod(node, attributes),
    'certificates.k8s.io/podcertificaterequests': (node, attributes) => this.#certificateRequest(node, attributes),
  };

  #related(node: string, kind: string, { namespace, name }: AuthorizationAttributes): AuthorizationDecision {
    if (name === '') return abstain('No Object name found');
    const key = namespace === '' ? name : `${namespace}/${name}`;
    if (this.#graph.concerns(node, kind, key)) return allowed;
    return abstain(`no relationship found between node '${node}' and this object`);
  }

  #get(node: string, kind: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    if (attributes.verb !== 'get') return abstain('can only get individual resources of this type');
    if (attributes.subresource !== '') return abstain('cannot get subresource');
    return this.#related(node, kind, attributes);
  }

  #read(node: string, kind: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    if (!['get', 'list', 'watch'].includes(attributes.verb)) return abstain('can only read resources of this type');
    if (attributes.subresource !== '') return abstain('cannot read subresource');
    if (attributes.namespace === '') return abstain('can only read namespaced object of this type');
    return this.#related(node, kind, attributes);
  }

  #claim(node: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    if (attributes.subresource !== 'status') return this.#get(node, 'persistentvolumeclaim', attributes);
    if (attributes.verb !== 'update' && attributes.verb !== 'patch')
      return abstain('can only get/update/patch this type');
    return this.#related(node, 'persistentvolumeclaim', attributes);
  }

  #serviceAccount(node: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    const { verb, subresource, name } = attributes;
    if (verb === 'get' && subresource === '') return this.#read(node, 'serviceaccount', attributes);
    if (verb !== 'create' || name === '') return abstain('can only create tokens for individual service accounts');
    if (subresource !== 'token') return abstain('can only create token subresource of serviceaccount');
    return this.#related(node, 'serviceaccount', attributes);
  }

  #resourceSlice(node: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    if (attributes.subresource !== '') return abstain('cannot authorize ResourceSlice subresources');
    switch (attributes.verb) {
      case 'create':
        return allowed;
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.#related(node, 'resourceslice', attributes);
      case 'watch':
      case 'list':
      case 'deletecollection':
        if (selects(attributes, 'spec.nodeName', node)) return allowed;
        return abstain('can only list/watch/deletecollection resourceslices with nodeName field selector');
      default:
        return abstain(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        );
    }
  }

  #pod(node: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    const { verb, subresource, name } = attributes;
    const operation = subresource === '' ? verb : `${verb} ${subresource}`;
    switch (operation) {
      case 'get':
        return this.#get(node, 'pod', attributes);
      case 'list':
      case 'watch':
        if (selects(attributes, 'spec.nodeName', node)) return allowed;
        if (name !== '') return this.#related(node, 'pod', attributes);
        return abstain('can only list/watch pods with spec.nodeName field selector');
      case 'create':
      case 'delete':
      case 'update status':
      case 'patch status':
      case 'create eviction':
        return allowed;
      default:
        return noOpinion;
    }
  }

  #certificateRequest(node: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    const { verb, subresource } = attributes;
    if (subresource !== '') return abstain('nodes may not access the status subresource of PodCertificateRequests');
    if (verb === 'create') return allowed;
    if (verb === 'get') return this.#related(node, 'podcertificaterequest', attributes);
    if (verb !== 'list' && verb !== 'watch') return abstain(`nodes may not ${verb} podcertificaterequests`);
    if (selects(attributes, 'spec.nodeName', node)) return allowed;
    return abstain('can only list/watch podcertificaterequests with nodeName field selector');
  }
}

function lease(node: string, { verb, namespace, name }: AuthorizationAttributes): AuthorizationDecision {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return abstain('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== leaseNamespace) {
    return abstain(`can only access leases in the ${quote(leaseNamespace)} system namespace`);
  }
  // The name of a new lease is in its body: NodeRestriction looks at that.
  if (verb !== 'create' && name !== node) {
    return abstain('can only access node lease with the same name as the requesting node');
  }
  return allowed;
}

function csiNode(node: string, { verb, subresource, name }: AuthorizationAttributes): AuthorizationDecision {
  if (subresource !== '') return abstain('cannot authorize CSINode subresources');
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return abstain('can only get, create, update, patch, or delete a CSINode');
  }
  if (verb !== 'create' && name !== node) {
    return abstain('can only access CSINode with the same name as the requesting node');
  }
  return allowed;
}

function ownNode(node: string, { verb, subresource, name }: AuthorizationAttributes): AuthorizationDecision {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allowed : noOpinion;
  if (subresource !== '') return noOpinion;
  switch (verb) {
    case 'create':
    case 'update':
    case 'patch':
      return allowed;
    case 'get':
    case 'list':
    case 'watch':
      if (name === node) return allowed;
      if (name === '') return abstain(`node '${node}' cannot read all nodes, only its own Node object`);
      return abstain(`node '${node}' cannot read '${name}', only its own Node object`);
    default:
      return noOpinion;
  }
}

function selects({ fieldSelector }: AuthorizationAttributes, field: string, value: string): boolean {
  if (fieldSelector === undefined) return false;
  try {
    return parseFieldSelector(fieldSelector).exactValue(field) === value;
  } catch {
    return false;
  }
}

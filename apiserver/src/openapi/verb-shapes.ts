import { anyType, customObjectTypes, customPatchTypes, objectTypes, patchTypes, watchTypes } from './media-types.ts';
import type { Method } from './operation.ts';

/** What is the same of an operation for all resources. */
export interface VerbShape {
  readonly method: Method;
  /** Beginning of the operation's name, and what else is in it after the group and at the end. */
  readonly verb: string;
  readonly noun?: string;
  readonly end?: string;
  /** Kinds of meta.v1 whose fields are its query parameters, and those of them that are not. */
  readonly options: readonly string[];
  readonly except?: readonly string[];
  /** The kind sent: the object itself, or one of meta.v1. */
  readonly body?: 'object' | 'Patch' | 'DeleteOptions';
  readonly answers: 'object' | 'list' | 'Status' | 'WatchEvent';
  readonly codes: readonly number[];
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** `of` is `status of ` or empty, `article` the kind with its article. Watch paths have upstream's prose and none here. */
  readonly describe?: (words: Words) => string;
}

interface Words {
  readonly of: string;
  readonly kind: string;
  readonly article: string;
  readonly isWatched: boolean;
}

export type VerbShapes = Readonly<
  Record<'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection' | 'watch' | 'watchlist', VerbShape>
>;

const usual = { options: [], answers: 'object', codes: [200], consumes: anyType, produces: objectTypes } as const;
const streamed = { ...usual, options: ['ListOptions'], produces: [...objectTypes, ...watchTypes] } as const;

/** Source: apiserver `pkg/endpoints/installer.go`. */
export const builtinVerbs: VerbShapes = {
  get: { ...usual, method: 'get', verb: 'read', describe: ({ of, kind }) => `read ${of}the specified ${kind}` },
  list: {
    ...streamed,
    method: 'get',
    verb: 'list',
    answers: 'list',
    describe: ({ kind, isWatched }) => `list ${isWatched ? 'or watch ' : ''}objects of kind ${kind}`,
  },
  post: {
    ...usual,
    method: 'post',
    verb: 'create',
    options: ['CreateOptions'],
    body: 'object',
    codes: [200, 201, 202],
    describe: ({ of, article }) => `create ${of}${article}`,
  },
  put: {
    ...usual,
    method: 'put',
    verb: 'replace',
    options: ['UpdateOptions'],
    body: 'object',
    codes: [200, 201],
    describe: ({ of, kind }) => `replace ${of}the specified ${kind}`,
  },
  patch: {
    ...usual,
    method: 'patch',
    verb: 'patch',
    options: ['PatchOptions'],
    body: 'Patch',
    codes: [200, 201],
    consumes: patchTypes,
    describe: ({ of, kind }) => `partially update ${of}the specified ${kind}`,
  },
  delete: {
    ...usual,
    method: 'delete',
    verb: 'delete',
    options: ['DeleteOptions'],
    body: 'DeleteOptions',
    answers: 'Status',
    codes: [200, 202],
    describe: ({ of, article }) => `delete ${of}${article}`,
  },
  deletecollection: {
    ...usual,
    method: 'delete',
    verb: 'delete',
    noun: 'Collection',
    options: ['DeleteOptions', 'ListOptions'],
    except: ['watch', 'allowWatchBookmarks'],
    body: 'DeleteOptions',
    answers: 'Status',
    describe: ({ kind }) => `delete collection of ${kind}`,
  },
  watch: { ...streamed, method: 'get', verb: 'watch', answers: 'WatchEvent' },
  watchlist: { ...streamed, method: 'get', verb: 'watch', end: 'List', answers: 'WatchEvent' },
};

const custom = { consumes: customObjectTypes, produces: customObjectTypes } as const;
const { body: _body, ...collection } = builtinVerbs.deletecollection;

/** Source: apiextensions-apiserver `pkg/controller/openapi/builder`. */
export const customVerbs: VerbShapes = {
  ...builtinVerbs,
  get: { ...builtinVerbs.get, ...custom, options: ['GetOptions'] },
  list: { ...builtinVerbs.list, ...custom, describe: ({ kind }) => `list objects of kind ${kind}` },
  post: { ...builtinVerbs.post, ...custom },
  put: { ...builtinVerbs.put, ...custom },
  patch: { ...builtinVerbs.patch, ...custom, codes: [200], consumes: customPatchTypes },
  delete: { ...builtinVerbs.delete, ...custom },
  deletecollection: { ...collection, ...custom, options: ['ListOptions'], except: [] },
};

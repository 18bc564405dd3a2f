import { kubeletPort } from '../network/index.ts';
import { masqueradeMark, type RuleElement, type RulePiece, tableSets } from './compile.ts';

/** The fixed part of a table. */
export interface TableFrame {
  readonly name: string;
  /** Packets from outside take the source address of this one where they are marked. */
  readonly address: string;
  /** Conditions under which packets of each hook look for a Service; `''` = always. */
  readonly routed: readonly string[];
  readonly local: readonly string[];
  /** What cluster IPs are taken from: packets to them go nowhere else. */
  readonly serviceCidr: string;
  readonly agent?: { readonly host: string; readonly port: number } | undefined;
}

/** The whole table without any Service, replacing what was there: an nft script. */
export function frameScript({ name, address, routed, local, serviceCidr, agent }: TableFrame): string {
  const table = `ip ${name}`;
  const jumps = (chain: string, conditions: readonly string[], target: string) =>
    conditions.map((condition) => `add rule ${table} ${chain} ${condition} jump ${target}`.replaceAll('  ', ' '));
  const toAgent = agent ? [`ip daddr ${address} tcp dport ${kubeletPort} dnat to ${agent.host}:${agent.port}`] : [];
  const rules = (chain: string, lines: readonly string[]) => lines.map((line) => `add rule ${table} ${chain} ${line}`);
  // Whatever still has a Service's address behind the translation leads nowhere.
  const leftovers = [
    'ct state != new return',
    'ip daddr . meta l4proto . th dport vmap @unserved',
    `ip daddr ${address} meta l4proto . th dport vmap @unserved_ports`,
    'ip daddr @cluster_ips goto refuse',
    `ip daddr ${serviceCidr} drop`,
  ];
  return `${[
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
    ...Object.values(tableSets).map((declaration) => `add ${declaration.replace(/^(\w+) /, `$1 ${table} `)}`),
    ...['refuse', 'dispatch', 'leftovers'].map((chain) => `add chain ${table} ${chain}`),
    // A reset gets through where the kernel drops an ICMP message because the socket is busy sending.
    `add rule ${table} refuse meta l4proto tcp reject with tcp reset`,
    `add rule ${table} refuse reject`,
    `add rule ${table} dispatch ip daddr . meta l4proto . th dport vmap @services`,
    `add rule ${table} dispatch ip daddr ${address} meta l4proto . th dport vmap @node_ports`,
    `add chain ${table} prerouting { type nat hook prerouting priority dstnat; }`,
    `add chain ${table} output { type nat hook output priority -100; }`,
    `add chain ${table} postrouting { type nat hook postrouting priority srcnat; }`,
    ...['input', 'forward'].map((hook) => `add chain ${table} ${hook} { type filter hook ${hook} priority -10; }`),
    `add chain ${table} local_output { type filter hook output priority -10; }`,
    ...rules('prerouting', toAgent),
    ...rules('output', toAgent),
    ...jumps('prerouting', routed, 'dispatch'),
    ...jumps('output', local, 'dispatch'),
    ...rules('leftovers', leftovers),
    ...['input', 'forward'].flatMap((chain) => jumps(chain, routed, 'leftovers')),
    ...jumps('local_output', local, 'leftovers'),
    `add rule ${table} postrouting ct status dnat ip saddr . ip daddr @hairpins snat to ${address}`,
    `add rule ${table} postrouting meta mark & ${masqueradeMark} == ${masqueradeMark} snat to ${address} fully-random`,
  ].join('\n')}\n`;
}

/**
 * What a table holds, piece by piece, and the scripts that lead from one state to the next. Elements that several pieces ask
 * for are there once; where they disagree (two Services with one external address) the first one is right until it goes.
 */
export class ServiceTable {
  readonly #table: string;
  readonly #pieces = new Map<string, RulePiece>();
  /** By set and key: who asked for the element, first come first. */
  readonly #claims = new Map<string, Map<string, RuleElement>>();

  constructor(name: string) {
    this.#table = `ip ${name}`;
  }

  /** Puts pieces in place of those of the same name (undefined: of nothing); the script is empty where nothing changes. */
  replace(changes: ReadonlyMap<string, RulePiece | undefined>): string {
    const table = this.#table;
    const declare: string[] = [];
    const fill: string[] = [];
    const discard: string[] = [];
    const elements = new Map<string, RuleElement | undefined>();
    for (const [name, next] of changes) {
      const previous = this.#pieces.get(name);
      for (const set of next?.sets.keys() ?? []) {
        const declaration = next?.sets.get(set);
        if (previous?.sets.get(set) !== declaration) declare.push(`add set ${table} ${set} ${declaration}`);
      }
      for (const [chain, rules] of next?.chains ?? []) {
        const old = previous?.chains.get(chain);
        if (old && sameList(old, rules)) continue;
        declare.push(`add chain ${table} ${chain}`);
        if (old) fill.push(`flush chain ${table} ${chain}`);
        fill.push(...rules.map((rule) => `add rule ${table} ${chain} ${rule}`));
      }
      const gone = [...(previous?.chains.keys() ?? [])].filter((chain) => !next?.chains.has(chain));
      // Emptied before any is deleted: they may lead to one another.
      fill.push(...gone.map((chain) => `flush chain ${table} ${chain}`));
      discard.push(...gone.map((chain) => `delete chain ${table} ${chain}`));
      for (const set of previous?.sets.keys() ?? [])
        if (!next?.sets.has(set)) discard.push(`delete set ${table} ${set}`);
      this.#claim(name, previous, next, elements);
      if (next) this.#pieces.set(name, next);
      else this.#pieces.delete(name);
    }
    const { removed, added } = this.#settle(elements);
    const lines = [...declare, ...removed, ...fill, ...added, ...discard];
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  /** Updates who claims what; `before` collects the element that was in force, for every key that was touched. */
  #claim(
    name: string,
    previous: RulePiece | undefined,
    next: RulePiece | undefined,
    before: Map<string, RuleElement | undefined>,
  ) {
    const touched = (element: RuleElement): Map<string, RuleElement> => {
      const key = `${element.set} ${element.key}`;
      const claims = this.#claims.get(key) ?? new Map<string, RuleElement>();
      this.#claims.set(key, claims);
      if (!before.has(key)) before.set(key, claims.values().next().value);
      return claims;
    };
    const wanted = new Map(next?.elements.map((element) => [`${element.set} ${element.key}`, element]));
    for (const element of previous?.elements ?? []) {
      if (!wanted.has(`${element.set} ${element.key}`)) touched(element).delete(name);
    }
    for (const element of wanted.values()) touched(element).set(name, element);
  }

  #settle(before: ReadonlyMap<string, RuleElement | undefined>): { removed: string[]; added: string[] } {
    const removed: string[] = [];
    const added: string[] = [];
    for (const [key, old] of before) {
      const claims = this.#claims.get(key);
      const now: RuleElement | undefined = claims?.values().next().value;
      if (claims?.size === 0) this.#claims.delete(key);
      if (old?.value === now?.value && old !== undefined) continue;
      if (old) removed.push(`delete element ${this.#table} ${old.set} { ${old.key} }`);
      if (now) added.push(`add element ${this.#table} ${now.set} { ${now.key}${now.value && ` : ${now.value}`} }`);
    }
    return { removed, added };
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

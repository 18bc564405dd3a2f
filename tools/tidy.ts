/**
 * The house rules that a program can check (see docs/house-rules.md). `node tools/tidy.ts` prints a line a breach and
 * exits 1 when there is one.
 */
import { readSourceFiles, type SourceFile } from './source-files.ts';

const fileLinesMax = 600;
const lineCharactersMax = 160;

interface Rule {
  readonly pattern: RegExp;
  readonly message: string;
  /** Where the rule does not hold, each with its reason. */
  readonly except?: RegExp;
  /** Looks at comments too. */
  readonly comments?: boolean;
}

/** A line that is one string: messages that clients match stay whole, so that a search finds them. */
const isText = /^\s*(['"`]).*\1[,;)]*$/;

/** Programs and tests meet the real world; so do the files that carry time and randomness through the door. */
const edges = /^(tools|e2e)\/|\.test\.ts$|\/testing\/|\/bench\//;
const clockDoor = /^apimachinery\/src\/clock\/system-clock\.ts$/;

const rules: readonly Rule[] = [
  { pattern: /^export default\b/, message: 'no default exports: a name is the same everywhere' },
  {
    pattern: /\b(TODO|FIXME|XXX)\b/,
    message: 'unfinished work is tracked as an issue, not in the code',
    except: /^tools\/tidy/,
    comments: true,
  },
  { pattern: /\b(describe|it)\.only\(/, message: 'a focused test hides the others' },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(/,
    message: 'time and randomness come in through Clock and Random',
    except: new RegExp(`${edges.source}|${clockDoor.source}`),
  },
  {
    pattern: /\bconsole\.(log|error|warn|info)\(/,
    message: 'write to the log that came in through the door',
    except: new RegExp(`${edges.source}|^cluster/src/(cli|output|log)`),
  },
  {
    pattern: /\bas any\b|: any\b|<any>/,
    message: 'no any: say unknown and narrow it',
    except: /\.test\.ts$|^tools\/tidy/,
  },
  { pattern: /['"`]\.\.\/\.\.\/\.\.\//, message: 'three folders up is another room: use its public door' },
];

/** The breaches of one file, as `path:line: message`. */
export function checkFile({ path, text }: SourceFile): string[] {
  const lines = text.split('\n');
  const breaches: string[] = [];
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(fileName)) breaches.push(`${path}: file names are kebab-case`);
  if (lines.length > fileLinesMax) breaches.push(`${path}: ${lines.length} lines, at most ${fileLinesMax}`);
  for (const [index, line] of lines.entries()) {
    const at = `${path}:${index + 1}`;
    const isComment = /^\s*(\/\/|\/?\*)/.test(line);
    if (line.length > lineCharactersMax && !isText.test(line))
      breaches.push(`${at}: ${line.length} characters, at most ${lineCharactersMax}`);
    for (const rule of rules) {
      if (rule.except?.test(path) || (isComment && !rule.comments)) continue;
      if (rule.pattern.test(line)) breaches.push(`${at}: ${rule.message}`);
    }
  }
  return breaches;
}

if (import.meta.main) {
  const breaches = readSourceFiles().flatMap(checkFile);
  for (const breach of breaches) console.log(breach);
  process.exit(breaches.length > 0 ? 1 : 0);
}

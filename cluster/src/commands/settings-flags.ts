import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { load } from 'js-yaml';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { environmentName, fromEnvironment, type RawSettings, resolveConfig, settings } from '../config/settings.ts';

/** Gives a command the flags of the settings table; `which` picks those that every cluster command takes, or all. */
export function addSettings(command: Command, which: 'common' | 'all'): Command {
  if (which === 'all') command.option('--config <FILE.yaml>', 'settings as YAML: the flags in camel case');
  for (const setting of settings) {
    if (which === 'common' && !setting.common) continue;
    const flag = setting.value === undefined ? `--${setting.flag}` : `--${setting.flag} <${setting.value}>`;
    const option = new Option(flag, setting.help);
    if (setting.group !== undefined) option.helpGroup(setting.group);
    if (setting.repeated) option.argParser((value: string, all: string[] = []) => [...all, value]);
    command.addOption(option);
  }
  return command.addHelpText(
    'after',
    `\nEach flag has an environment variable, such as ${environmentName('data-dir')}.`,
  );
}

/** File, then environment, then flags; the last one that says something wins. */
export async function readConfig(flags: RawSettings): Promise<ClusterConfig> {
  const { config: file, output: _output, ...own } = flags;
  return resolveConfig([
    file === undefined ? {} : await readConfigFile(String(file)),
    fromEnvironment(process.env),
    own,
  ]);
}

async function readConfigFile(path: string): Promise<RawSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`--config ${path}: ${code === 'ENOENT' ? 'no such file' : (code ?? 'cannot be read')}`);
  }
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    throw new ConfigError(`--config ${path}: not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ConfigError(`--config ${path}: must be a mapping of settings, such as "port: 7443"`);
  }
  return value as RawSettings;
}

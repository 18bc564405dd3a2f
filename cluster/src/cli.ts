import { Command, CommanderError, Option } from 'commander';
import { helpLayout } from './commands/help-layout.ts';
import { addSettings, readConfig } from './commands/settings-flags.ts';
import { version, versionLine } from './commands/version.ts';
import type { ClusterConfig } from './config/cluster-config.ts';
import { ConfigError } from './config/cluster-config.ts';
import type { RawSettings } from './config/settings.ts';

/** The user asked for something that cannot be: exit code 2, one line. Anything else that fails is 1. */
const exitUsage = 2;

/** Parses the command line and hands over to one command; resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('coracle')
    .description('A whole Kubernetes that one person can carry, with EC2-like and Fargate-like nodes.')
    .version(versionLine(), '-v, --version', 'print the versions of this program and of Kubernetes')
    .configureHelp(helpLayout)
    .exitOverride()
    .showHelpAfterError('(add --help for the flags)');

  const clusterCommand = (
    parent: Command,
    name: string,
    description: string,
    which: 'common' | 'all',
    run: (config: ClusterConfig, json: boolean, args: readonly string[]) => Promise<number | void>,
  ): Command =>
    addSettings(parent.command(name).description(description), which)
      .addOption(new Option('-o, --output <FORMAT>', 'how to print data').choices(['text', 'json']).default('text'))
      .exitOverride()
      .action(async (...params: unknown[]) => {
        const command = params.at(-1) as Command;
        const flags = command.opts<RawSettings>();
        exitCode = (await run(await readConfig(flags), flags['output'] === 'json', command.args)) ?? 0;
      });

  // Each of these is loaded when it is asked for: `version` and `--help` answer at once.
  clusterCommand(program, 'up', 'start a cluster, or resume it', 'all', async (config, json) => {
    await (await import('./commands/up.ts')).up(config, { json });
  });
  clusterCommand(program, 'down', 'stop a cluster; its state stays', 'common', async (config, json) => {
    await (await import('./commands/down.ts')).down(config, json);
  });
  clusterCommand(program, 'delete', 'remove a cluster and everything it keeps', 'common', async (config, json) => {
    await (await import('./commands/delete.ts')).deleteCluster(config, json);
  });
  clusterCommand(program, 'status', 'what runs and how it is', 'common', async (config, json) =>
    (await import('./commands/status.ts')).status(config, json),
  );
  clusterCommand(program, 'kubeconfig', 'print the kubeconfig of a cluster', 'common', async (config, json) => {
    await (await import('./commands/kubeconfig.ts')).kubeconfig(config, json);
  });
  const image = program.command('image').description('container images of the nodes').exitOverride();
  clusterCommand(
    image,
    'load <ARCHIVE|OCI-LAYOUT>',
    'bring an image to every node',
    'common',
    async (config, json, args) => {
      await (await import('./commands/image.ts')).imageLoad(config, args[0] ?? '', json);
    },
  );
  program
    .command('version')
    .description('print the versions of this program and of Kubernetes')
    .addOption(new Option('-o, --output <FORMAT>', 'how to print data').choices(['text', 'json']).default('text'))
    .exitOverride()
    .action((flags: { output: string }) => version(flags.output === 'json'));

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage;
  if (error instanceof ConfigError) {
    console.error(`coracle: ${error.message}`);
    return exitUsage;
  }
  console.error(`coracle: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['CORACLE_DEBUG'] !== undefined && error instanceof Error) console.error(error.stack);
  return 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));

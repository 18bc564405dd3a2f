import { existsSync } from 'node:fs';

/** Why real containers cannot run here; undefined where they can. */
export function containerObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'containers need Linux';
  if (process.getuid?.() !== 0) return 'containers need root';
  const containerd = ['/usr/bin/containerd', '/usr/local/bin/containerd'].some((path) => existsSync(path));
  if (!containerd && !existsSync('/usr/bin/apt-get'))
    return 'containerd is not installed, and there is no apt to install it';
  return undefined;
}

/** Skips the whole suite, saying why, where an obstacle is given. Use in a `before` hook. */
export function skipBecause(context: Mocha.Context, obstacle: string | undefined): void {
  if (obstacle === undefined) return;
  console.log(`      skipped: ${obstacle}`);
  context.skip();
}

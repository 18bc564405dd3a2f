/** Live bytes of containers: logs, exec, attach and port-forward over WebSocket and SPDY. */
export { type LogOptions, type LogWriterState, readContainerLog } from './log-reader.ts';
export { type LogRotationDependencies, startLogRotation } from './log-rotation.ts';
export { type ConnectPort, servePortForward } from './port-forward.ts';
export { serveRemoteCommand } from './remote-command.ts';
export { acceptWebSocket, refuse, type UpgradeRequest } from './upgrade.ts';

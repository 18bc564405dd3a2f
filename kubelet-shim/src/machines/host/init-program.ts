/**
 * The smallest program that can be process 1: it collects orphans that end, sleeps, and exits with 0 on SIGTERM and
 * SIGINT. It is the init of every machine and the whole content of the sandbox image. Assembled here because a user's
 * machine has no compiler and nothing may be downloaded for a cluster to be ready: an ELF header, one program header,
 * the code, and two `struct sigaction`.
 */
export function initProgram(architecture: 'x64' | 'arm64'): Buffer {
  const layout = architecture === 'x64' ? assembleX64() : assembleArm64();
  const size = codeOffset + layout.length;
  const header = Buffer.alloc(codeOffset);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bit, little endian, version 1
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(architecture === 'x64' ? 62 : 183, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(loadAddress + codeOffset), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers begin behind this one
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56); // one program header
  header.writeUInt32LE(1, 64); // loadable
  header.writeUInt32LE(5, 68); // readable and executable
  header.writeBigUInt64LE(BigInt(loadAddress), 80);
  header.writeBigUInt64LE(BigInt(loadAddress), 88);
  header.writeBigUInt64LE(BigInt(size), 96);
  header.writeBigUInt64LE(BigInt(size), 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, layout]);
}

const loadAddress = 0x400000;
const codeOffset = 64 + 56;

const SIGINT = 2;
const SIGTERM = 15;
const SIGCHLD = 17;
const ignoreSignal = 1n;
/** Without it x86-64 refuses to deliver to a handler. */
const SA_RESTORER = 0x04000000n;

/** The kernel's `struct sigaction`: handler, flags, restorer, mask. */
function signalAction(handler: bigint, flags: bigint): Buffer {
  const action = Buffer.alloc(32);
  action.writeBigUInt64LE(handler, 0);
  action.writeBigUInt64LE(flags, 8);
  action.writeBigUInt64LE(handler, 16);
  return action;
}

function assembleX64(): Buffer {
  const callLength = 5 + 5 + 7 + 2 + 6 + 2;
  const pauseAt = 3 * callLength;
  const exitAt = pauseAt + 5 + 2 + 2;
  const actionsAt = exitAt + 5 + 2 + 2;
  const setAction = (index: number, signal: number, action: number) => {
    const next = index * callLength + 5 + 5 + 7; // address behind the lea
    const code = Buffer.from([
      ...[0xb8, 13, 0, 0, 0], // mov eax, rt_sigaction
      ...[0xbf, signal, 0, 0, 0], // mov edi, signal
      ...[0x48, 0x8d, 0x35, 0, 0, 0, 0], // lea rsi, [rip + action]
      ...[0x31, 0xd2], // xor edx, edx
      ...[0x41, 0xba, 8, 0, 0, 0], // mov r10d, size of the mask
      ...[0x0f, 0x05], // syscall
    ]);
    code.writeInt32LE(actionsAt + action * 32 - next, 13);
    return code;
  };
  return Buffer.concat([
    setAction(0, SIGCHLD, 0),
    setAction(1, SIGTERM, 1),
    setAction(2, SIGINT, 1),
    Buffer.from([0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]), // mov eax, pause; syscall; jmp back
    Buffer.from([0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05]), // mov eax, exit; xor edi, edi; syscall
    signalAction(ignoreSignal, 0n),
    signalAction(BigInt(loadAddress + codeOffset + exitAt), SA_RESTORER),
  ]);
}

function assembleArm64(): Buffer {
  const callWords = 6;
  const waitWords = 7;
  const exitAt = (3 * callWords + waitWords) * 4;
  const actionsAt = exitAt + 3 * 4 + 4; // a word of padding keeps the actions on 8 bytes
  const move = (register: number, value: number) => (0xd2800000 | (value << 5) | register) >>> 0;
  const address = (register: number, offset: number) =>
    (0x10000000 | ((offset & 3) << 29) | (((offset >> 2) & 0x7ffff) << 5) | register) >>> 0;
  const systemCall = 0xd4000001;
  const setAction = (index: number, signal: number, action: number) => [
    move(0, signal),
    address(1, actionsAt + action * 32 - (index * callWords + 1) * 4),
    move(2, 0),
    move(3, 8),
    move(8, 134), // rt_sigaction
    systemCall,
  ];
  const words = [
    ...setAction(0, SIGCHLD, 0),
    ...setAction(1, SIGTERM, 1),
    ...setAction(2, SIGINT, 1),
    ...[move(0, 0), move(1, 0), move(2, 0), move(3, 0), move(8, 73), systemCall], // ppoll for ever: there is no pause
    (0x14000000 | (-6 & 0x3ffffff)) >>> 0, // and again
    ...[move(0, 0), move(8, 93), systemCall, 0], // exit
  ];
  const code = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word, index * 4);
  return Buffer.concat([
    code,
    signalAction(ignoreSignal, 0n),
    signalAction(BigInt(loadAddress + codeOffset + exitAt), 0n),
  ]);
}

// Whom a process is connected with, read from /proc: the other ends of its TCP and UDP sockets.

import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** Addresses of the other ends of all sockets of a process and its children; listening ones have none. */
export function connections(pid) {
  const found = new Set();
  for (const process of [pid, ...children(pid)]) {
    const inodes = sockets(process);
    for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
      for (const line of read(`/proc/${process}/net/${table}`).split("\n").slice(1)) {
        const cells = line.trim().split(/\s+/);
        if (!inodes.has(cells[9]) || /^0+:0+$/.test(cells[2])) continue;
        found.add(address(cells[2].split(":")[0]));
      }
    }
  }
  return found;
}

function children(pid) {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
}

function sockets(pid) {
  const inodes = new Set();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const target = link(`/proc/${pid}/fd/${fd}`);
      if (target.startsWith("socket:[")) inodes.add(target.slice(8, -1));
    }
  } catch {
    // The process has ended, or does not let itself be looked at.
  }
  return inodes;
}

/** Hexadecimal words in the machine's (little-endian) order, as the kernel writes them. */
function address(hex) {
  const words = hex.match(/.{8}/g).map((word) => word.match(/../g).reverse().map((byte) => parseInt(byte, 16)));
  if (words.length === 1) return words[0].join(".");
  const bytes = words.flat();
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255) return `::ffff:${bytes.slice(12).join(".")}`;
  if (bytes.slice(0, 15).every((byte) => byte === 0)) return `::${bytes[15]}`;
  return bytes.map((byte, at) => byte.toString(16).padStart(2, "0") + (at % 2 && at < 15 ? ":" : "")).join("");
}

function read(path) {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function link(path) {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

// Images to send.

import { crc32, deflateSync } from "node:zlib";

export type Colour = readonly [red: number, green: number, blue: number];

/** A PNG of one colour, or of many. */
export function png(width: number, height: number, colour: Colour | ((x: number, y: number) => Colour)): Buffer {
  const lines = Array.from({ length: height }, (_, y) => {
    const line = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x++) line.set(typeof colour === "function" ? colour(x / width, y / height) : colour, 1 + x * 3);
    return line;
  });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.concat(lines));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

/** Hills at some time of the day. */
export function hills(width: number, height: number, sky: Colour, land: Colour): Buffer {
  const mix = (a: Colour, b: Colour, share: number): Colour =>
    [0, 1, 2].map((i) => Math.round(a[i]! + (b[i]! - a[i]!) * Math.min(Math.max(share, 0), 1))) as unknown as Colour;
  return png(width, height, (x, y) => {
    if ((x - 0.72) ** 2 * (width / height) ** 2 + (y - 0.26) ** 2 < 0.005) return [255, 244, 214];
    for (let i = 3; i >= 1; i--) {
      const ridge = 0.36 + i * 0.14 + 0.05 * Math.sin(x * (3 + i * 2) + i * 2.1) + 0.02 * Math.sin(x * 17 + i);
      if (y > ridge) return mix(sky, land, 0.25 + i * 0.25 - (y - ridge) * 0.2);
    }
    return mix(sky, [255, 250, 240], y);
  });
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

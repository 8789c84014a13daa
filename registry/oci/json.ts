import { Fault } from "../contract/fault.ts";
import { parseOneMeaning as parse } from "../json.ts";

/** Reads a manifest that has one meaning whoever reads it. Throws `MANIFEST_INVALID`. */
export function parseOneMeaning(bytes: Uint8Array): unknown {
  return parse(bytes, (why) => new Fault("MANIFEST_INVALID", `the manifest ${why}`));
}

import { fold } from "./distinguished-names.ts";

/** Letters of other alphabets, and signs, that pass for a letter of `admin`. */
const lookalikes: Record<string, string> = {
  а: "a",
  α: "a",
  ɑ: "a",
  "@": "a",
  ԁ: "d",
  ժ: "d",
  м: "m",
  ʍ: "m",
  і: "i",
  ι: "i",
  ı: "i",
  ɩ: "i",
  l: "i",
  "1": "i",
  "|": "i",
  "!": "i",
  ո: "n",
  ռ: "n",
  п: "n",
  η: "n",
};

/** The built-in administrator's, and what the log calls who was not signed in. */
const reserved = ["admin", "anonymous"];

/** Whether a name is the registry's own, or would be read as such. */
export function isReserved(name: string): boolean {
  const skeleton = skeletonOf(name);
  return reserved.some((own) => skeletonOf(own) === skeleton);
}

/** What a hurried reader sees: without accents, case, spaces and what has no width. */
function skeletonOf(name: string): string {
  const bare = fold(name.normalize("NFKD").replace(/[\p{M}\p{Cf}\p{Cc}\s]/gu, ""));
  return [...bare].map((letter) => lookalikes[letter] ?? letter).join("");
}

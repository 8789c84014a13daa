import type { Outcome } from "../parts.ts";

/** What a program printed, once it ended well. Throws with all that it said when it did not. */
export async function printed(running: Promise<Outcome>): Promise<string> {
  const { stdout, stderr, code } = await running;
  if (code !== 0) throw new Error(`it ended with status ${code}:\n${stdout}${stderr}`);
  return stdout.trim();
}

/** What a program said when it failed. Throws when it went through. */
export async function refusal(running: Promise<Outcome>): Promise<string> {
  const { stdout, stderr, code } = await running;
  if (code === 0) throw new Error(`it went through:\n${stdout}${stderr}`);
  return stderr.trim();
}

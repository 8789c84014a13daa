import { Fault } from "../contract/fault.ts";
import type { Collections, RobotDocument } from "../store/collections.ts";
import type { Passwords } from "./passwords.ts";
import { digestOfSecret, isGivenSecret, isSecret, makeSecret } from "./robot-secrets.ts";
import type { Throttle } from "./throttle.ts";

export interface RobotProof {
  /** The robot of that full name. Throws `UNAUTHORIZED`, and why only to who has the secret. */
  verify(name: string, secret: string, from: string): Promise<RobotDocument>;
  /** The robot that a token was issued to at that time, as it is now. Throws `UNAUTHORIZED` when it is not as it was. */
  ofToken(id: number, issued: string): Promise<RobotDocument>;
}

interface Deps {
  robots: Collections["robots"];
  passwords: Passwords;
  throttle: Throttle;
  now: () => Date;
}

/** How a program proves that it is a robot. Looked up at each request, so that what ends a robot ends it at once. */
export function createRobotProof({ robots, passwords, throttle, now }: Deps): RobotProof {
  const nobodys = digestOfSecret(makeSecret());

  function assertGood({ name, disable, expires_at }: RobotDocument): void {
    if (disable) throw new Fault("UNAUTHORIZED", `${name} is disabled: enable it, or use another robot`);
    if (expires_at !== -1 && expires_at * 1000 <= now().getTime()) {
      const day = new Date(expires_at * 1000).toISOString().slice(0, 10);
      throw new Fault(
        "UNAUTHORIZED",
        `${name} expired on ${day}: give it a longer life, or use another robot`,
      );
    }
  }

  /** A secret that a person thought of can be guessed, and is guarded as a password is. */
  async function check(robot: RobotDocument, secret: string, from: string): Promise<boolean> {
    if (!isGivenSecret(robot.secret)) return isSecret(secret, robot.secret);
    const right = await throttle.attempt(robot.name, from, async () =>
      (await passwords.verify(secret, robot.secret)) ? robot : undefined,
    );
    return right !== undefined;
  }

  return {
    async verify(name, secret, from) {
      const robot = await robots.find({ name });
      const right = robot ? await check(robot, secret, from) : isSecret(secret, nobodys);
      if (!robot || !right) throw new Fault("UNAUTHORIZED", "the robot's name or its secret is not right");
      assertGood(robot);
      return robot;
    },

    async ofToken(id, issued) {
      const robot = await robots.get(String(id));
      if (!robot || issued < robot.secret_time) {
        throw new Fault("UNAUTHORIZED", "the token is not valid any more: sign in again");
      }
      assertGood(robot);
      return robot;
    },
  };
}

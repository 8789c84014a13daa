/** Put in by the build, from package.json. */
export const version: string = process.env.BERTH_VERSION ?? "0.0.0";

import { firstHour } from "./first-hour.ts";

firstHour("the first hour", () => Promise.resolve(undefined));

// Owns a folder until it is killed.
import { ownFolder } from "../../registry/store/owner.ts";

void ownFolder(process.argv[2] ?? "").then(() => {
  console.log("owned");
  setInterval(() => undefined, 1000);
});

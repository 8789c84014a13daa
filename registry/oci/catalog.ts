import type { Collections } from "../store/collections.ts";
import { pageAfter, type Page, type Paging } from "./page.ts";

/** The names of all repositories, in the order of their bytes. The edge decides who may see them. */
export function createCatalog({ repositories }: Pick<Collections, "repositories">): {
  list(paging: Paging): Promise<Page>;
} {
  return {
    list(paging) {
      return pageAfter(paging, async (from, limit) => {
        const where = from === undefined ? {} : { name: { from } };
        return (await repositories.list({ where, sort: ["name"], limit })).map(
          (repository) => repository.name,
        );
      });
    },
  };
}

export type Catalog = ReturnType<typeof createCatalog>;

/** What a new account is made of. */
export interface AccountDraft {
  username: string;
  email: string;
  realname: string;
  password: string;
}

/** The part of fengari (Lua 5.3 in JavaScript) that lua.ts needs; it has no types of its own. */
declare module 'fengari' {
  /** A Lua state. */
  interface State {
    readonly status: number
  }
  type Lua = Uint8Array
  type Native = (L: State) => number

  export function to_luastring(text: string): Lua
  export const lua: {
    readonly LUA_OK: number
    readonly LUA_TBOOLEAN: number
    readonly LUA_TNUMBER: number
    readonly LUA_TSTRING: number
    readonly LUA_TTABLE: number
    lua_checkstack(L: State, slots: number): boolean
    lua_createtable(L: State, list: number, fields: number): void
    lua_next(L: State, index: number): number
    lua_pcall(L: State, args: number, results: number, handler: number): number
    lua_pop(L: State, count: number): void
    lua_pushboolean(L: State, value: boolean): void
    lua_pushcfunction(L: State, native: Native): void
    lua_pushinteger(L: State, value: number): void
    lua_pushnil(L: State): void
    lua_pushnumber(L: State, value: number): void
    lua_pushstring(L: State, text: Lua): void
    lua_rawlen(L: State, index: number): number
    lua_setfield(L: State, index: number, name: Lua): void
    lua_setglobal(L: State, name: Lua): void
    lua_seti(L: State, index: number, position: number): void
    lua_toboolean(L: State, index: number): boolean
    lua_tojsstring(L: State, index: number): string
    lua_tonumber(L: State, index: number): number
    lua_type(L: State, index: number): number
  }
  export const lauxlib: {
    luaL_error(L: State, message: Lua): number
    luaL_loadstring(L: State, script: Lua): number
    luaL_newstate(): State
    luaL_requiref(L: State, name: Lua, open: Native, global: number): void
  }
  export const lualib: { readonly luaopen_base: Native; readonly luaopen_table: Native }
}

/**
 * Runs a script as Argo CD does (util/lua/lua.go of 3.2): base and table are open, and `require("os")` has `time` and `date` alone.
 * There it is gopher-lua, which is Lua 5.1, so what 5.3 has beyond that is taken out here; the end-to-end test runs Argo CD's own.
 */
import { lauxlib, lua, lualib, type State, to_luastring } from 'fengari'

/** What Lua 5.3 opens and 5.1 has not. */
const LATER = ['rawlen'] as const
const LATER_OF_TABLE = ['pack', 'unpack', 'move'] as const

/**
 * What the script returns, as JSON: an empty table is a list, as it is there.
 *
 * @param object the script has it as `obj`.
 * @param seconds what `os.time()` says, since 1970.
 */
export function runLua(script: string, object: unknown, seconds = 1_764_500_000): unknown {
  const L = lauxlib.luaL_newstate()
  lauxlib.luaL_requiref(L, to_luastring('_G'), lualib.luaopen_base, 1)
  for (const name of LATER) clear(L, name)
  lauxlib.luaL_requiref(L, to_luastring('table'), lualib.luaopen_table, 1)
  for (const name of LATER_OF_TABLE) clearField(L, name)
  lua.lua_pushcfunction(L, of => requireOs(of, seconds))
  lua.lua_setglobal(L, to_luastring('require'))
  push(L, object)
  lua.lua_setglobal(L, to_luastring('obj'))
  const isRun = lauxlib.luaL_loadstring(L, to_luastring(script)) === lua.LUA_OK
  if (!isRun || lua.lua_pcall(L, 0, 1, 0) !== lua.LUA_OK) throw new Error(lua.lua_tojsstring(L, -1))
  if (lua.lua_type(L, -1) !== lua.LUA_TTABLE) throw new Error('the script returned no table')
  return valueAt(L, -1)
}

function clear(L: State, name: string): void {
  lua.lua_pushnil(L)
  lua.lua_setglobal(L, to_luastring(name))
}

/** Of the table on top. */
function clearField(L: State, name: string): void {
  lua.lua_pushnil(L)
  lua.lua_setfield(L, -2, to_luastring(name))
}

function requireOs(L: State, seconds: number): number {
  if (lua.lua_tojsstring(L, 1) !== 'os') return lauxlib.luaL_error(L, to_luastring('module not found'))
  lua.lua_createtable(L, 0, 1)
  lua.lua_pushcfunction(L, of => {
    lua.lua_pushinteger(of, seconds)
    return 1
  })
  lua.lua_setfield(L, -2, to_luastring('time'))
  return 1
}

function push(L: State, value: unknown): void {
  if (typeof value === 'string') lua.lua_pushstring(L, to_luastring(value))
  else if (typeof value === 'boolean') lua.lua_pushboolean(L, value)
  else if (typeof value === 'number') pushNumber(L, value)
  else if (Array.isArray(value)) pushTable(L, value)
  else if (typeof value === 'object' && value !== null) pushTable(L, value)
  else lua.lua_pushnil(L)
}

/** gopher-lua prints whole numbers without a point, as Lua 5.3 does integers, which are of 32 bits in fengari. */
function pushNumber(L: State, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) lua.lua_pushinteger(L, value)
  else lua.lua_pushnumber(L, value)
}

function pushTable(L: State, value: readonly unknown[] | object): void {
  // Each level of an object takes a slot.
  lua.lua_checkstack(L, 4)
  lua.lua_createtable(L, 0, 0)
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) {
      push(L, one)
      lua.lua_seti(L, -2, index + 1)
    }
    return
  }
  for (const [key, one] of Object.entries(value)) {
    push(L, one)
    lua.lua_setfield(L, -2, to_luastring(key))
  }
}

function valueAt(L: State, index: number): unknown {
  switch (lua.lua_type(L, index)) {
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, index)
    case lua.LUA_TNUMBER:
      return lua.lua_tonumber(L, index)
    case lua.LUA_TSTRING:
      return lua.lua_tojsstring(L, index)
    case lua.LUA_TTABLE:
      return tableOnTop(L)
    default:
      return null
  }
}

/** The table on top of the stack. */
function tableOnTop(L: State): unknown {
  const entries: [string, unknown][] = []
  const length = lua.lua_rawlen(L, -1)
  lua.lua_checkstack(L, 4)
  lua.lua_pushnil(L)
  while (lua.lua_next(L, -2) !== 0) {
    const value = valueAt(L, -1)
    lua.lua_pop(L, 1)
    // A number is not turned into a text on the stack: the next key is looked for by it.
    const isNumber = lua.lua_type(L, -1) === lua.LUA_TNUMBER
    entries.push([isNumber ? String(lua.lua_tonumber(L, -1)) : lua.lua_tojsstring(L, -1), value])
  }
  if (entries.length === 0 || length > 0) return entries.map(([, value]) => value)
  return Object.fromEntries(entries)
}

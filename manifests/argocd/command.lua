-- Writes the annotation that is a command for Sluice. Before this come `command`, and `is_full` of an approval to the end.
--
-- The value begins with an id that no other click has: the controller acts once on each value. Argo CD gives the user's name to
-- no script, so the command is said to come from argo-cd; its audit log has the name. The revision is the one that the object
-- showed when the action ran: the controller refuses a command that is about another one by then.

local os = require("os")

local function table_of(value)
  if type(value) == "table" then return value end
  return {}
end

local metadata, status = table_of(obj.metadata), table_of(obj.status)
local revisions = { approve = table_of(status.run).candidate, retry = status.rejectedSpec, rollback = status.previousSpec }

local value = tostring(os.time()) .. "-" .. tostring(metadata.resourceVersion) .. " argo-cd:"
if is_full then value = value .. " full" end
if type(revisions[command]) == "string" then value = value .. " revision=" .. revisions[command] end

local annotations = table_of(metadata.annotations)
annotations["sluice.dev/" .. command] = value
metadata.annotations = annotations
return obj

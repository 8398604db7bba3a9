-- Health of a MetricTemplate of Sluice in Argo CD, from its condition Ready.
--
--   Progressing  no status yet, or one of an earlier generation; a Secret is missing, which the same sync may bring
--   Degraded     the query, or its server, is refused: time alone does not end it
--   Healthy      the query could be asked as it is

local function table_of(value)
  if type(value) == "table" then return value end
  return {}
end

local metadata, status = table_of(obj.metadata), table_of(obj.status)

local observed = tonumber(status.observedGeneration) or -1
if observed < (tonumber(metadata.generation) or 0) then
  return { status = "Progressing", message = "The controller has not seen the latest change of this MetricTemplate" }
end

for _, condition in ipairs(table_of(status.conditions)) do
  condition = table_of(condition)
  if condition.type == "Ready" then
    local message = tostring(condition.message)
    if condition.status == "True" then return { status = "Healthy", message = message } end
    if condition.reason == "Invalid" or condition.reason == "MetricsServerNotAllowed" then
      return { status = "Degraded", message = message }
    end
    return { status = "Progressing", message = message }
  end
end

return { status = "Progressing", message = "The controller has said nothing of this MetricTemplate yet" }

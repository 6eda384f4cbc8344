using Laurel.Server.Commands;

return await RootCommands.Run(args);
